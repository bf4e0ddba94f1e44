import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Everything is a file of its own, because the content security policy allows no inline script, style or data URL.
export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // GraphiQL's editor is large, and is loaded by nobody else.
    chunkSizeWarningLimit: 5000,
    reportCompressedSize: false,
    rolldownOptions: { input: ['index.html', 'graphiql.html'] },
  },
  worker: { format: 'es' },
  server: {
    // `npm run dev` beside a server that runs.
    proxy: { '/graphql': { target: 'http://127.0.0.1:8000', ws: true } },
  },
});
