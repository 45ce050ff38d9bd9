// The whole library as one unit: TensorFlow's headers take several times longer to read than all that is ours.

#include "module.cc"
#include "optimizerOp.cc"
#include "readoutLossOp.cc"
#include "recurrentOps.cc"
#include "workers.cc"
