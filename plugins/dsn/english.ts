import type { Texts } from './texts.ts'

export const english: Texts = {
  systemName: 'Mail Delivery System',
  subject: {
    failed: ({ subject }) =>
      subject === '' ? 'Your message was not delivered' : `Not delivered: ${subject}`,
    delayed: ({ subject }) => (subject === '' ? 'Your message is delayed' : `Delayed: ${subject}`),
    delivered: ({ subject }) => (subject === '' ? 'Your message was delivered' : `Delivered: ${subject}`),
    relayed: ({ subject }) => (subject === '' ? 'Your message was passed on' : `Passed on: ${subject}`),
    lost: ({ subject }) =>
      subject === ''
        ? 'A message could not be delivered or returned'
        : `Neither delivered nor returned: ${subject}`,
  },
  opening: {
    failed: ({ recipients }) =>
      `Your message could not be delivered to the ${recipients === 1 ? 'address' : 'addresses'} below. There will be no further attempts.`,
    delayed: ({ until }) =>
      `Your message has not been delivered to the following addresses yet. You need not do anything and should not send it again: it is tried again and again${until === '' ? '' : `, until ${until}`}. If it cannot be delivered${until === '' ? '' : ' by then'}, you will be told.`,
    delivered: 'Your message has been delivered. You had asked to be told. Whether it is read is not known.',
    relayed:
      'Your message has been passed on. What is known of each address stands below. You had asked to be told.',
    lost: 'A message without a return address, such as a notification of another system, could not be delivered. Its sender cannot be told, so you are.',
  },
  labels: { subject: 'Subject', arrived: 'Received' },
  reasons: {
    noSuchAddress: {
      what: 'There is no such address at the mail system of the recipient.',
      advice: 'Check the spelling, or ask the recipient in another way for the address that is in use now.',
    },
    noSuchDomain: {
      what: 'The part of the address behind the @ does not exist, or no mail can be sent to it.',
      advice:
        'Check the spelling of that part. If it is right, tell the recipient that the domain cannot be found.',
    },
    noMail: {
      what: 'The part of the address behind the @ is a domain that takes no mail at all: its owner says so.',
      advice: 'Ask the recipient in another way for an address that takes mail.',
    },
    mailboxFull: {
      what: "The recipient's mailbox is full.",
      advice: 'Tell the recipient in another way, and send the message again when there is room.',
    },
    mailboxDisabled: {
      what: 'The mailbox of the recipient exists, but it takes no mail at present.',
      advice: 'Reach the recipient in another way.',
    },
    tooLarge: {
      what: ({ size }) => `The message is larger (${size}) than the mail system of the recipient allows.`,
      advice: 'Send it with smaller attachments, or send a link to them.',
    },
    tooLargeHere: {
      what: ({ size }) => `The message is larger (${size}) than this mail system takes.`,
      advice: 'Send it with smaller attachments, or send a link to them.',
    },
    greylisted: {
      what: 'The mail system of the recipient accepts mail of senders that it does not know only after a while, as a protection against unwanted mail.',
      advice:
        'Send the message again. If it fails again, show this notification to your postmaster: it may always come too early, or from another address of the mail server.',
    },
    rateLimited: {
      what: 'Only so much mail at a time may go to the mail system of the recipient, and there was more of it.',
      advice: 'Try again later. If it fails again, show this notification to your postmaster.',
    },
    policy: {
      what: 'The mail system of the recipient does not accept this message. Its rules against unwanted mail may be the cause.',
      advice:
        'What it said stands below. If it does not help you, show this notification to your postmaster.',
    },
    notAuthenticated: {
      what: 'The mail system of the recipient could not make sure that the message really comes from you.',
      advice:
        'Send it through the mail server of your own provider. If you did, show this notification to your postmaster: the settings of your domain may be wrong.',
    },
    senderRefused: {
      what: 'The mail system of the recipient does not accept your own address as a sender.',
      advice: 'Check the address that your mail program gives as yours.',
    },
    notReached: {
      what: 'The mail system of the recipient could not be reached.',
      advice: 'Try again later, or reach the recipient in another way.',
    },
    loop: {
      what: 'The message went in circles: mail systems are set up so that each sends it on to the other.',
      advice: 'Tell the postmaster of the recipient; you cannot mend it yourself.',
    },
    insecure: {
      what: 'The message may only travel encrypted, and the mail system of the recipient did not offer that.',
      advice: 'Reach the recipient in another way, or send the message without that demand.',
    },
    notInternational: {
      what: 'The mail system of the recipient cannot handle addresses with letters such as those of this message.',
      advice: 'Use an address of plain Latin letters, if you and the recipient have one.',
    },
    unfitContent: {
      what: 'The mail system of the recipient does not accept the content of the message.',
      advice: 'Send it without attachments, or in another format.',
    },
    tooManyRecipients: {
      what: 'The message has more recipients than the mail system of the recipient allows.',
      advice: 'Send it to fewer recipients at a time.',
    },
    systemTrouble: {
      what: 'A mail system on the way has a fault.',
      advice: 'Try again later. If it fails again, show this notification to your postmaster.',
    },
    expired: {
      what: 'The mail system of the recipient could not be reached, or did not take the message in time.',
      advice: 'Try again later, or reach the recipient in another way.',
    },
    givenUp: {
      what: 'The postmaster has taken the message out of the queue before it could be delivered.',
      advice: 'Ask the postmaster for the reason, or reach the recipient in another way.',
    },
    other: {
      what: 'The mail system of the recipient did not accept the message.',
      advice:
        'What it said stands below. If it does not help you, show this notification to your postmaster.',
    },
  },
  tried: 'It was tried for {duration}.',
  delivered: 'The message is in the mailbox, or with the system that handles mail for the address.',
  relayed:
    'The message was handed on to a mail system that does not report. If it fails there, you will be told; if it arrives, you will not.',
  expanded:
    'The address stands for several others, to whom the message goes on. When it arrives there, you will not be told.',
  more: 'And {more} further addresses, which the attached report lists.',
  attached: {
    message: 'Your message is attached.',
    lost: 'The message is attached.',
    header: 'The header of the message is attached, without its text.',
  },
  closing:
    'This notification was written by the mail system at {host}. If you need help, forward it to {postmaster}.',
  details: {
    heading: 'Technical details',
    said: '{remote} said:',
    own: 'the mail system itself found:',
    leadsTo: 'leads to {address}',
  },
}
