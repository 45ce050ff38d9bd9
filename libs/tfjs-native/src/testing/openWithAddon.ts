import Module from 'node:module';
import { openBackend } from '../openBackend.ts';

// Opens a backend with another file in place of tfjs-node's addon, and prints its name or the error: openWithAddon.ts ADDON WANT

const [addon, want] = process.argv.slice(2);
const extensions = (
  Module as unknown as { _extensions: Record<string, (module: object, path: string) => void> }
)._extensions;
const load = extensions['.node'];
extensions['.node'] = (module, path) => {
  load(module, path.endsWith('tfjs_binding.node') ? addon : path);
};
try {
  const { name } = await openBackend({ want: want as 'auto' | 'tensorflow' });
  process.stdout.write(`${name}\n`);
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
}
