export { createChromiumRuntime } from './chromiumRuntime.ts';
export type { ChromiumRuntime } from './chromiumRuntime.ts';
export { findChromium } from './findChromium.ts';
export { launchChromium } from './launchChromium.ts';
