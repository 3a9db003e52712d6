/**
 * Replaces `node:http` in bundles. An `import` of the built-in module reads all of its names, and three of them load undici: 20 ms
 * of a cold start. A property loads it when it is read.
 */
module.exports = process.getBuiltinModule('node:http');
