import Fastify from 'fastify';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
const ort = createRequire('/work/main/libs/runtime-node/package.json')('onnxruntime-node');
const s = await ort.InferenceSession.create(readFileSync('/work/main/examples/models/lagged-sine/1/model.onnx'),{intraOpNumThreads:1});
const app=Fastify();
app.post('/v2/models/lagged-sine/infer', async (req)=>{ const b:any=req.body; const feeds:any={}; for(const i of b.inputs) feeds[i.name]=new ort.Tensor('float32',Float32Array.from(i.data),i.shape); const r=await s.run(feeds); return {model_name:'x',outputs:Object.keys(r).map(k=>({name:k,shape:r[k].dims,datatype:'FP32',data:Array.from(r[k].data)}))};});
await app.listen({port:Number(process.argv[2])});
