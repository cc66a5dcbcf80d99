import { defineConfig } from 'mailwright'

export default defineConfig({ plugins: ['queue', { name: 'queue' }] })
