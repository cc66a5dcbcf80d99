import { defineConfig } from 'mailwright'
import { memoryQueue } from 'mailwright/plugins/memory'

export default defineConfig({
  group: 'mail',
  plugins: [memoryQueue()],
})
