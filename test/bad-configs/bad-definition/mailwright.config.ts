import { defineConfig } from 'mailwright'

export default defineConfig({
  plugins: [
    { definition: { name: 'greylist', parseOptions: () => ({}) } },
    { definition: { name: 'reputation', setup: () => undefined } },
  ],
})
