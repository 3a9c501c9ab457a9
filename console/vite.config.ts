import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `vite dev` finds the API: a server that was started with `npm start`. */
const server = 'http://127.0.0.1:4400'

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react(), tailwindcss()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The server's content security policy lets no inline script run, so nothing may be written into the page.
    modulePreload: { polyfill: false },
    // Browsers that know `light-dark()`, all since May 2024: written out for older ones, a dark part of a light page would stay light.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    reportCompressedSize: true,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(['/v1', '/auth', '/connect', '/oauth', '/reference'].map((path) => [path, server])),
  },
})
