// Writes each built file beside itself as Brotli and as gzip, as small as they get: it is done once, and sent often.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);

const files = await readdir('dist', { recursive: true, withFileTypes: true });
await Promise.all(
  files
    .filter((file) => file.isFile() && !/\.(br|gz)$/.test(file.name))
    .map(async (file) => {
      const path = join(file.parentPath, file.name);
      const content = await readFile(path);
      const params = { [zlib.constants.BROTLI_PARAM_SIZE_HINT]: content.length };
      await writeFile(`${path}.br`, await brotli(content, { params }));
      await writeFile(`${path}.gz`, await gzip(content, { level: 9 }));
    }),
);
