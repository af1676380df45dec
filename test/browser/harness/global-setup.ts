import { findChromium } from './chromium.ts';

/** Unpacks the browser before any file wants it. */
export default function setUp(): void {
  findChromium();
}
