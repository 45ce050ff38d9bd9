import { readFileSync, writeFileSync } from 'node:fs';

/** The most memory that this process has had since `resetPeak`, in bytes; null where Linux's /proc is not there. */
export function peakBytes(): number | null {
  return readStatus('VmHWM');
}

/** Forgets the peak so far (proc(5), clear_refs). Returns what the process has now, in bytes. */
export function resetPeak(): number | null {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    return null;
  }
  return readStatus('VmRSS');
}

function readStatus(key: string): number | null {
  try {
    const kibibytes = new RegExp(`^${key}:\\s*(\\d+) kB$`, 'm').exec(
      readFileSync('/proc/self/status', 'utf8'),
    );
    return kibibytes === null ? null : 1024 * Number(kibibytes[1]);
  } catch {
    return null;
  }
}
