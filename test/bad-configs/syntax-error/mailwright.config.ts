import { defineConfig } from 'mailwright'

export default defineConfig({
  plugins: [],
  log: { level: 'info'
})
