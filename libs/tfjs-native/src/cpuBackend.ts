/* A file of its own, to be loaded when it is wanted. */
import { version_cpu as cpuVersion } from '@tensorflow/tfjs-backend-cpu';

export { cpuVersion };
