// Node loads a shared library only if it looks like an addon. This one gives JavaScript nothing: being loaded is enough for
// TensorFlow to know the ops.

#include <node_api.h>

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env, napi_value exports) {
  return exports;
}
