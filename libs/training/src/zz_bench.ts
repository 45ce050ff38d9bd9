import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { parseFitConfig } from '@onda/contract';
import { Net } from '@onda/nets';
import { createRandom, createSource } from '@onda/series';
import { fit, Optimizer } from './index.ts';
const be = process.argv[2] ?? 'cpu';
await tf.setBackend(be); await tf.ready();
const source = createSource(parseFitConfig({name:'a',data:{kind:'sine'}},'b'));
const r = createRandom(0);
const net = Net.create({cell:'rnn',units:32,layers:1,features:1,outputs:1},(a,b)=>r.uniform(a,b));
const optimizer = new Optimizer({kind:'adam',learningRate:0.01}, net.variables);
let step=0; let progress:any;
for (let k=0;k<12;k++){ const n = k<3?100:2000; const c0=process.cpuUsage(); const t0=performance.now(); progress = await fit({net,optimizer,source,steps:step+n,carry:true,resume:progress}); step+=n; console.log(n, "cpu", (process.cpuUsage(c0).user/1000/n).toFixed(4), ((performance.now()-t0)/n).toFixed(4),'ms/step', 'loss', progress.losses.at(-1).toExponential(2)); }
