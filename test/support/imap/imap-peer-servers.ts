import { requirePeer, requirePeerModule } from '../peers/peers.ts'
import { type ImapPeerServer, startDovecotPeer, startMailwrightPeer } from './imap-peer-server.ts'

const dovecot = requirePeerModule('doveadm', 'dovecot-imapd')
const openssl = requirePeer('openssl')

/** What clients are tried on: Mailwright, and a Dovecot to know that what they are made to do is right. */
export const peerServers: readonly (readonly [name: string, start: () => Promise<ImapPeerServer>])[] = [
  ['mailwright', startMailwrightPeer],
  ...(dovecot.available && openssl.available ? [['dovecot', startDovecotPeer] as const] : []),
]
