import { defineConfig } from 'mailwright'

export default defineConfig({ plugins: [] })
