// Writes the TypeScript types of src/operations.graphql, from the committed schema.

import { mkdir, readFile, writeFile } from 'node:fs/promises';

import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { parse } from 'graphql';

const read = async (path) => parse(await readFile(new URL(path, import.meta.url), 'utf8'));

const schema = await read('../../graphql-api/schema.graphql');
const operations = await read('src/operations.graphql');
const output = await codegen({
  schema,
  documents: [{ location: 'src/operations.graphql', document: operations }],
  filename: 'operations.ts',
  plugins: [{ typescriptOperations: {} }, { typedDocumentNode: {} }],
  pluginMap: { typescriptOperations, typedDocumentNode },
  config: {
    scalars: { Cursor: 'string', Date: 'string', DateTime: 'string', ID: 'string' },
    strictScalars: true,
    enumType: 'string-literal',
    // Apollo Client asks for `__typename` everywhere but at the root.
    nonOptionalTypename: true,
    skipTypeNameForRoot: true,
    useTypeImports: true,
    documentMode: 'documentNode',
  },
});
await mkdir(new URL('src/generated/', import.meta.url), { recursive: true });
await writeFile(new URL('src/generated/operations.ts', import.meta.url), output);
