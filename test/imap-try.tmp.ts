import { createTestHost } from 'mailwright/testing'
import memory from 'mailwright/plugins/memory'
import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
const host = await createTestHost({ sockets: true, plugins: [memory({ accounts: [{ address: 'jo@example.org', password: 'a secret' }] }), certificates(), imap({ port: 0 })] })
console.log(JSON.stringify(host.listeners))
if (process.argv[3]) {} ; setTimeout(async () => { for (const e of await host.history()) console.log(e.verb, e.text, JSON.stringify(e.facts)); await host.stop() }, Number(process.argv[2] ?? 15000))
