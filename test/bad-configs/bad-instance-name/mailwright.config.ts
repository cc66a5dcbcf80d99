import { defineConfig } from 'mailwright'
import memory from 'mailwright/plugins/memory'
import queue from 'mailwright/plugins/queue'

export default defineConfig({
  plugins: [queue({}, { as: 'My Queue' }), memory({}, { name: 'mailboxes' })],
})
