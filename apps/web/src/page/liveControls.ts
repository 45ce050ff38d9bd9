import { countText } from '../draw/text.ts';
import type { Pace } from '../generate/liveRun.ts';
import { find } from './find.ts';

const slowest = 5;
const fastest = 4000;

/** Actions on the running generation. */
export interface ControlActions {
  toggle: () => void;
  /** From the prompt again, same place. */
  restart: () => void;
  /** From another place of the series. */
  move: () => void;
  /** A setting changed that needs no new prompt. */
  redraw: () => void;
}

/** Settings that fit a model and its data. */
export interface Offer {
  /** Samples of the prompt. */
  prompt: { min: number; max: number; value: number };
  /** Samples to generate. */
  samples: number;
  /** What the button for another place is called. */
  move: string;
}

/** The row of buttons and settings under the live picture. */
export interface LiveControls {
  readonly pace: Pace;
  readonly promptTime: number;
  readonly whole: boolean;
  enable(on: boolean): void;
  showRunning(running: boolean): void;
  /** Sets the limits for the model and its data. */
  offer(offer: Offer): void;
}

export function createLiveControls(actions: ControlActions): LiveControls {
  // Whether the system prefers reduced motion: then a generation appears at once.
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const form = find('controls', HTMLFormElement);
  const toggle = find('toggle', HTMLButtonElement);
  const move = find('phase', HTMLButtonElement);
  const samples = find('samples', HTMLInputElement);
  const prompt = find('prompt', HTMLInputElement);
  const speed = find('speed', HTMLInputElement);
  const speedText = find('speed-text', HTMLOutputElement);
  const view = find('view', HTMLSelectElement);

  const speedNow = (): number => slowest * (fastest / slowest) ** (Number(speed.value) / 100);
  const showSpeed = (): void => {
    const text = still.matches ? 'at once' : `${countText(roundSpeed(speedNow()))} a second`;
    speedText.value = text;
    speed.setAttribute('aria-valuetext', text);
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
  });
  toggle.addEventListener('click', actions.toggle);
  find('restart', HTMLButtonElement).addEventListener('click', actions.restart);
  move.addEventListener('click', actions.move);
  prompt.addEventListener('change', actions.restart);
  samples.addEventListener('change', actions.restart);
  view.addEventListener('change', actions.redraw);
  speed.addEventListener('input', showSpeed);
  still.addEventListener('change', showSpeed);
  showSpeed();

  return {
    get pace() {
      return { samples: whole(samples), speed: still.matches ? Infinity : roundSpeed(speedNow()) };
    },
    get promptTime() {
      return whole(prompt);
    },
    get whole() {
      return view.value === 'whole';
    },
    enable(on) {
      for (const set of form.querySelectorAll('fieldset')) set.disabled = !on;
    },
    showRunning(running) {
      toggle.textContent = running ? 'Stop' : 'Start';
    },
    offer(offer) {
      prompt.min = String(offer.prompt.min);
      prompt.max = String(offer.prompt.max);
      prompt.value = String(offer.prompt.value);
      samples.value = String(offer.samples);
      move.textContent = offer.move;
    },
  };
}

/** A speed with two significant digits, as the slider shows it. */
function roundSpeed(speed: number): number {
  return Number(speed.toPrecision(2));
}

/** The whole number of a field, clamped to its bounds; the field shows the clamped value. */
function whole(input: HTMLInputElement): number {
  const wanted = Number.isFinite(input.valueAsNumber)
    ? Math.round(input.valueAsNumber)
    : Number(input.defaultValue);
  const value = Math.min(Number(input.max), Math.max(Number(input.min), wanted));
  if (input.valueAsNumber !== value && document.activeElement !== input) input.value = String(value);
  return value;
}
