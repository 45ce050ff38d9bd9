// The library as one compilation unit: TensorFlow's headers take several times longer to parse than our code.

#include "module.cc"
#include "optimizerOp.cc"
#include "readoutLossOp.cc"
#include "recurrentOps.cc"
#include "workers.cc"
