/* A file of its own, to be loaded when it is wanted: it makes TensorFlow's the current backend, and throws where the addon cannot be loaded. */
import '@tensorflow/tfjs-node';
