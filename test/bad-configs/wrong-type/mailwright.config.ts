import { defineConfig } from 'mailwright'
import memory from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'

export default defineConfig({
  plugins: [memory(), pop3({ port: '2110', host: 'localhost', implicitTls: 'no' })],
})
