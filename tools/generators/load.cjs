// Nx loads generators with require(); tsx lets it load TypeScript.
require('tsx/cjs/api').register();

exports.library = require('./src/library.ts').libraryGenerator;
exports.layer = require('./src/layer.ts').layerGenerator;
exports.cell = require('./src/cell.ts').cellGenerator;
