import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { delimiter, join } from 'node:path';
import { runChild } from './child.mjs';
import { MissingPart } from './context.mjs';
import { sha256 } from './files.mjs';

/** The path of a program on PATH, found as a shell finds it. */
export function findOnPath(name: string, env: NodeJS.ProcessEnv): string | null {
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

export interface Machine {
  platform: string;
  arch: string;
  /** Version of glibc; null with another C library. */
  glibc: string | null;
}

/**
 * Why a library for x64 Linux cannot run on a machine.
 *
 * @param library such as `TensorFlow's library`
 * @returns a clause, or null on x64 Linux with glibc
 */
export function unsupportedMachine(library: string, machine: Machine): string | null {
  if (machine.platform !== 'linux' || machine.arch !== 'x64')
    return `${library} is for x64 Linux and this is ${machine.arch} ${machine.platform}`;
  if (machine.glibc === null) return `${library} needs glibc and this Linux has another C library`;
  return null;
}

export function thisMachine(): Machine {
  return { platform: platform(), arch: arch(), glibc: glibcVersion() };
}

function glibcVersion(): string | null {
  if (platform() !== 'linux') return null;
  // Without this the report resolves the host names of open connections, which can take seconds.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime ?? null;
}

/**
 * A key of the CPU features that code compiled with -march=native may use. libs/tfjs-native computes the same key before it loads a
 * library.
 *
 * @param cpuinfo the text of /proc/cpuinfo
 * @returns 16 hexadecimal digits; `unknown` where there is no such file
 */
export function cpuKey(cpuinfo: string = readCpuinfo()): string {
  const flags = /^flags\s*:\s*(.*)$/m.exec(cpuinfo)?.[1];
  if (flags === undefined) return 'unknown';
  return sha256(flags.trim().split(/\s+/).sort().join(' ')).slice(0, 16);
}

function readCpuinfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}

export interface Compiler {
  command: string;
  version: string;
}

/** The C++ compiler: CXX, else g++. */
export async function findCompiler(env: NodeJS.ProcessEnv): Promise<Compiler | null> {
  const command = env.CXX ? env.CXX : 'g++';
  const { code, stdout } = await runChild(command, ['--version'], { env });
  return code === 0 ? { command, version: stdout.split('\n')[0] ?? '' } : null;
}

export function missingCompiler(env: NodeJS.ProcessEnv): MissingPart {
  const reason = env.CXX ? `CXX is ${env.CXX}, which cannot be run` : 'there is no C++ compiler (g++)';
  return new MissingPart(reason, installCommand('compiler', env));
}

type SystemPart = 'pip' | 'compiler' | 'chromium' | 'redis' | 'haproxy';

/** Install commands by package manager. */
const installers: Record<string, Record<SystemPart, string>> = {
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
};

const partNames: Record<SystemPart, string> = {
  pip: 'Python 3 with pip',
  compiler: 'a C++ compiler (g++)',
  chromium: 'Chromium',
  redis: 'Redis',
  haproxy: 'HAProxy',
};

/**
 * The command that installs a part on this system.
 *
 * @param root whether the user can install without sudo
 */
export function installCommand(
  part: SystemPart,
  env: NodeJS.ProcessEnv,
  root: boolean = process.getuid?.() === 0,
): string {
  // sbin is not on every user's PATH, and some systems have dnf and apk there.
  const PATH = [env.PATH ?? '', '/usr/bin', '/sbin', '/usr/sbin'].join(delimiter);
  for (const [manager, commands] of Object.entries(installers)) {
    if (!findOnPath(manager, { PATH })) continue;
    return root || manager === 'brew' ? commands[part] : `sudo ${commands[part]}`;
  }
  return `install ${partNames[part]} with your system's package manager`;
}
