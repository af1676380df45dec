import { findChromium } from '../../../local/chromium.ts';

/** Unpacks the browser before any file wants it. */
export default function setUp(): void {
  findChromium();
}
