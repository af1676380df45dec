import { readFileSync } from 'node:fs';

/** A file that the console serves itself. */
export interface Asset {
  type: string;
  content: string;
}

const read = (name: string): string => readFileSync(new URL(`static/${name}`, import.meta.url), 'utf8');

/** All of them by their paths; nothing else is ever loaded by a page. */
export const assets = (): Record<string, Asset> => ({
  '/static/console.css': { type: 'text/css; charset=utf-8', content: read('console.css') },
  '/static/console.js': { type: 'text/javascript; charset=utf-8', content: read('console.js') },
  '/static/icon.svg': { type: 'image/svg+xml', content: read('icon.svg') },
});
