import { type Reply, reply } from 'mailwright'

// RFC 5321 §4.2, RFC 3463: replies that never change, but for what HELP lists.

export const ok: Reply = reply(250, '2.0.0', 'OK')
export const senderOk: Reply = reply(250, '2.1.0', 'Sender OK')
export const bye: Reply = reply(221, '2.0.0', 'Bye')
export const startMail: Reply = reply(354, undefined, 'End data with <CR><LF>.<CR><LF>')
export const readyForTls: Reply = reply(220, '2.0.0', 'Ready to start TLS')
// RFC 5321 §3.5.3: neither confirms nor denies.
export const cannotVerify: Reply = reply(252, '2.0.0', 'Cannot verify the address, but will try to deliver')
/** With the commands that this listener has. */
export function help({ isLmtp, canSecure, auth }: Record<'isLmtp' | 'canSecure' | 'auth', boolean>): Reply {
  const others = ['NOOP VRFY HELP QUIT', ...(canSecure ? ['STARTTLS'] : []), ...(auth ? ['AUTH'] : [])]
  return reply(214, '2.0.0', [`${isLmtp ? 'LHLO' : 'EHLO HELO'} MAIL RCPT DATA BDAT RSET`, others.join(' ')])
}

export const earlyTalker: Reply = reply(554, undefined, 'Protocol error: input before the greeting')
export const httpRefused: Reply = reply(421, '4.7.0', 'This is not an HTTP server')
export const stopping: Reply = reply(421, '4.3.2', 'Server is stopping, try again later')
export const tooManyConnections: Reply = reply(421, '4.3.2', 'Too many connections, try again later')
export const tooManyErrors: Reply = reply(421, '4.7.0', 'Too many errors')
export const tooManyLogins: Reply = reply(421, '4.7.0', 'Too many failed logins')
export const tooManyTransactions: Reply = reply(421, '4.7.0', 'Too many messages in one session')
export const timedOut: Reply = reply(421, '4.4.2', 'Timeout')
export const overlong: Reply = reply(421, '4.4.2', 'This session has lasted too long, connect again')

export const unknownCommand: Reply = reply(500, '5.5.2', 'Command unrecognised')
export const notImplemented: Reply = reply(502, '5.5.1', 'Command not implemented')
export const bareLineFeed: Reply = reply(500, '5.5.2', 'Lines must end with CR LF')
export const lineTooLong: Reply = reply(500, '5.5.2', 'Line too long')
export const malformedLine: Reply = reply(500, '5.5.2', 'Control characters or malformed UTF-8 in a command')
export const noArgumentAllowed: Reply = reply(501, '5.5.4', 'No argument allowed')
export const argumentNeeded: Reply = reply(501, '5.5.4', 'Argument needed')

// RFC 5321 §3.1
export const notServed: Reply = reply(503, '5.5.1', 'You were refused; only QUIT is left')
export const badHello: Reply = reply(501, '5.5.4', 'A host name or address literal is needed')
export const helloFirst: Reply = reply(503, '5.5.1', 'Send EHLO first')
export const lmtpHelloFirst: Reply = reply(503, '5.5.1', 'Send LHLO first')
// RFC 2033 §4.1
export const lmtpSpoken: Reply = reply(500, '5.5.1', 'This is LMTP: send LHLO')
// RFC 3207 §4
export const tlsFirst: Reply = reply(530, '5.7.0', 'Must issue a STARTTLS command first')
export const loginFirst: Reply = reply(530, '5.7.0', 'Authentication required')
export const tlsActive: Reply = reply(503, '5.5.1', 'TLS is active already')
// RFC 3207 §4.2: what came in clear behind STARTTLS might be taken for something said under TLS.
export const talkBehindStartTls: Reply = reply(554, '5.5.1', 'Protocol error: input behind STARTTLS')

export const nestedMail: Reply = reply(503, '5.5.1', 'A transaction is open already')
export const transactionOpen: Reply = reply(503, '5.5.1', 'Not during a transaction')
// As Postfix's documents of XCLIENT and XFORWARD have it.
export const notAuthorized: Reply = reply(550, '5.7.0', 'This command is not for this client')
export const mailFirst: Reply = reply(503, '5.5.1', 'Send MAIL first')
// RFC 3030 §2
export const badChunk: Reply = reply(
  501,
  '5.5.4',
  'A number of octets is needed, and nothing behind it but LAST',
)
export const chunksComing: Reply = reply(
  503,
  '5.5.1',
  'The message comes in chunks: go on with BDAT, or RSET',
)
export const chunksRefused: Reply = reply(503, '5.5.1', 'A chunk was refused: send RSET')
// RFC 3030 §3
export const chunksNeeded: Reply = reply(503, '5.5.1', 'A message with BODY=BINARYMIME comes by BDAT')
// RFC 3463 §3.7
export const conversionProhibited: Reply = reply(
  554,
  '5.6.2',
  'Message refused: a binary part that is signed cannot be made text, send it encoded',
)
export const noRecipients: Reply = reply(554, '5.5.1', 'No valid recipients')
// RFC 2033 §4.2
export const lmtpNoRecipients: Reply = reply(503, '5.5.1', 'No valid recipients')
export const badSender: Reply = reply(
  501,
  '5.1.7',
  'Bad syntax of the sender address, or more than 256 octets before its @',
)
export const badRecipient: Reply = reply(
  501,
  '5.1.3',
  'Bad syntax of the recipient address, or more than 256 octets before its @',
)
// RFC 6531 §3.5
export const smtpUtf8Needed: Reply = reply(553, '5.6.7', 'An address beyond ASCII needs SMTPUTF8')
// RFC 5321 §4.5.3.1.10
export const tooManyRecipients: Reply = reply(452, '4.5.3', 'Too many recipients')
// RFC 5321 §4.1.1.2, RFC 1870 §6.1
export const noRoom: Reply = reply(452, '4.3.1', 'There is too little room on the disk, try again later')
export const tooLarge: Reply = reply(552, '5.3.4', 'Message too large')
export const tooManyHops: Reply = reply(554, '5.4.6', 'Too many hops: the message is going round in circles')

export const authNotOffered: Reply = reply(502, '5.5.1', 'Authentication is not offered here')
// RFC 4954 §6
export const encryptionNeeded: Reply = reply(538, '5.7.11', 'Encryption required for authentication')
export const alreadyLoggedIn: Reply = reply(503, '5.5.1', 'Already authenticated')
export const loginInTransaction: Reply = reply(503, '5.5.1', 'No authentication during a transaction')
// RFC 4954 §4: a syntax error
export const noMechanism: Reply = reply(501, '5.5.4', 'AUTH needs a mechanism')
export const unknownMechanism: Reply = reply(504, '5.5.4', 'Authentication mechanism not supported')
export const loginCancelled: Reply = reply(501, '5.7.0', 'Authentication cancelled')
export const loginLineTooLong: Reply = reply(500, '5.5.6', 'Authentication line too long')
export const loggedIn: Reply = reply(235, '2.7.0', 'Authentication successful')
