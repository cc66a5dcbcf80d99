// Reads every file of a folder with mailparser; prints what it lists as attachments as JSON: { name: [node, …] }.
// A process of its own, so that mailparser runs as it does in production, not under a test runner's module loader.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { simpleParser } from 'mailparser'

const folder = process.argv[2] ?? '.'
const found: Record<string, unknown> = {}
for (const name of readdirSync(folder)) {
  const octets = readFileSync(join(folder, name))
  const { attachments } = await simpleParser(octets, { skipHtmlToText: true, skipTextToHtml: true })
  found[name] = attachments.map(({ contentType, size, filename, contentDisposition }) => ({
    type: contentType,
    size,
    filename: filename ?? null,
    contentDisposition,
  }))
}
process.stdout.write(JSON.stringify(found))
