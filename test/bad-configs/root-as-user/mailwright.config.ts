import { defineConfig } from 'mailwright'
import { memoryQueue } from 'mailwright/plugins/memory'

export default defineConfig({
  user: 'root',
  group: '-g',
  plugins: [memoryQueue()],
})
