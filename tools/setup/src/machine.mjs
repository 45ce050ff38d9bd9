// @ts-check
import { readFileSync } from 'node:fs';
import { accessSync, constants, statSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { delimiter, join } from 'node:path';
import { sha256 } from './hash.mjs';

/**
 * Where a program is on PATH, as a shell would find it.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | null}
 */
export function findOnPath(name, env) {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      continue;
    }
  }
  return null;
}

/**
 * Why TensorFlow's library cannot run here at all.
 * @param {{ platform: string, arch: string, glibc: string | null }} machine
 * @returns {string | null} a clause such as `this is arm64 macOS`, or null on x64 Linux with glibc
 */
export function unsuitedMachine(machine) {
  if (machine.platform !== 'linux' || machine.arch !== 'x64')
    return `TensorFlow's library is for x64 Linux and this is ${machine.arch} ${machine.platform}`;
  if (machine.glibc === null) return "TensorFlow's library needs glibc and this Linux has another C library";
  return null;
}

/** @returns {{ platform: string, arch: string, glibc: string | null }} */
export function thisMachine() {
  return { platform: platform(), arch: arch(), glibc: glibcVersion() };
}

function glibcVersion() {
  if (platform() !== 'linux' || !process.report) return null;
  const report = process.report;
  // Without this, the report looks up the names of open connections, which can take seconds.
  Object.assign(report, { excludeNetwork: true });
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (report.getReport());
  return header.glibcVersionRuntime ?? null;
}

/**
 * What code compiled with -march=native may use here. libs/tfjs-native computes the same before it loads a library.
 * @param {string} [cpuinfo] the text of /proc/cpuinfo
 * @returns {string} 16 hexadecimal digits; `unknown` where there is no such file
 */
export function cpuKey(cpuinfo = readOr('/proc/cpuinfo', '')) {
  const flags = /^flags\s*:\s*(.*)$/m.exec(cpuinfo)?.[1];
  if (flags === undefined) return 'unknown';
  return sha256(flags.trim().split(/\s+/).sort().join(' ')).slice(0, 16);
}

/**
 * @param {string} path
 * @param {string} otherwise
 */
function readOr(path, otherwise) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

/** The commands that bring a part, by the package manager of the system. */
const installers = /** @type {const} */ ({
  'apt-get': {
    pip: 'apt-get install -y python3-pip',
    compiler: 'apt-get install -y g++',
    chromium: 'apt-get install -y --no-install-recommends chromium',
    redis: 'apt-get install -y --no-install-recommends redis-server',
    haproxy: 'apt-get install -y --no-install-recommends haproxy',
  },
  dnf: {
    pip: 'dnf install -y python3-pip',
    compiler: 'dnf install -y gcc-c++',
    chromium: 'dnf install -y chromium',
    redis: 'dnf install -y redis',
    haproxy: 'dnf install -y haproxy',
  },
  apk: {
    pip: 'apk add py3-pip',
    compiler: 'apk add g++',
    chromium: 'apk add chromium',
    redis: 'apk add redis',
    haproxy: 'apk add haproxy',
  },
  pacman: {
    pip: 'pacman -S --noconfirm python-pip',
    compiler: 'pacman -S --noconfirm gcc',
    chromium: 'pacman -S --noconfirm chromium',
    redis: 'pacman -S --noconfirm valkey',
    haproxy: 'pacman -S --noconfirm haproxy',
  },
  brew: {
    pip: 'brew install python',
    compiler: 'xcode-select --install',
    chromium: 'brew install --cask chromium',
    redis: 'brew install redis',
    haproxy: 'brew install haproxy',
  },
});

/**
 * The command that gets a part on this system.
 * @param {'pip' | 'compiler' | 'chromium' | 'redis' | 'haproxy'} part
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} [root] whether the user may install without sudo
 * @returns {string}
 */
export function installCommand(part, env, root = process.getuid?.() === 0) {
  for (const [manager, commands] of Object.entries(installers)) {
    // sbin is not on every user's PATH, and dnf and apk live there on some systems.
    if (
      !findOnPath(manager, {
        PATH: `${env.PATH ?? ''}${delimiter}/usr/bin${delimiter}/sbin${delimiter}/usr/sbin`,
      })
    )
      continue;
    return root || manager === 'brew' ? commands[part] : `sudo ${commands[part]}`;
  }
  const names = {
    pip: 'Python 3 with pip',
    compiler: 'a C++ compiler (g++)',
    chromium: 'Chromium',
    redis: 'Redis',
    haproxy: 'HAProxy',
  };
  return `install ${names[part]} by your system's package manager`;
}
