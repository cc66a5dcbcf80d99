import { defineConfig } from 'mailwright'

const ports: Record<string, number> = { transfer: 2525 }

function port(name: string): number {
  const found = ports[name]
  if (found === undefined) throw new Error(`there is no port for ${name}`)
  return found
}

export default defineConfig({ hostname: `port-${port('submission')}`, plugins: [] })
