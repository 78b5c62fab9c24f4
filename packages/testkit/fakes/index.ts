export { selfSignedCertificate } from './certificate';
export {
  applyLate,
  breakOff,
  type Disturbance,
  disturbAtRandom,
  type Disturber,
  dribble,
  errorPage,
  hang,
  loseAnswer,
  refuseWith,
  reset,
  retryAfterForms,
} from './disturbances';
export { type FakeMeta, type FakeMetaEvent, type FakeMetaRow, graphError, startFakeMeta } from './fake-meta';
export {
  type FakeReceiver,
  type Handler,
  type ReceivedRequest,
  reply,
  startFakeReceiver,
} from './fake-receiver';
export {
  type FakeContact,
  type FakeRate,
  type FakeResend,
  resendError,
  startFakeResend,
} from './fake-resend';
export { type FakeSlack, slackAnswer, startFakeSlack } from './fake-slack';
