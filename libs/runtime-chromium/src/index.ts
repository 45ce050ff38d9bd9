export { createChromiumRuntime } from './chromiumRuntime.ts';
export type { ChromiumRuntime } from './chromiumRuntime.ts';
export { findChromium, launchChromium } from './launchChromium.ts';
