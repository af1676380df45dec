import { assemble } from './assemble.ts';

/** Compiles scanner.wat; a compiled module can be handed to workers. */
export const compileScanner = (): WebAssembly.Module => new WebAssembly.Module(assemble('scanner.wat'));

/** Compiles id-set.wat. */
export const compileIdSet = (): WebAssembly.Module => new WebAssembly.Module(assemble('id-set.wat'));
