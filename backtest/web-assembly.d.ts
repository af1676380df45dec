// The part of WebAssembly's JavaScript interface that is used here: the types of Node name it only in part, and those of
// the browser would bring in everything else of a browser.
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    readonly exports: Readonly<Record<string, unknown>>;
    constructor(module: Module, imports?: Record<string, Record<string, unknown>>);
  }
  interface Global {
    value: number;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
}
