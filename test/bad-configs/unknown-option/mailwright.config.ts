import { defineConfig } from 'mailwright'
import memory from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'

export default defineConfig({ plugins: [memory(), pop3({ prot: 2110 })] })
