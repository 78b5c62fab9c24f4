import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import express from 'express';
import { messagesOf } from './express-messages';

test('messages are made with the prototypes that Express would give them, and are what Node makes', () => {
  const app = express();
  const kinds = messagesOf(app);
  const { IncomingMessage: Request = IncomingMessage, ServerResponse: Response = ServerResponse } = kinds;
  const request = new Request(new Socket());
  const response = new Response(request);
  expect(Object.getPrototypeOf(request)).toBe(app.request);
  expect(Object.getPrototypeOf(response)).toBe(app.response);
  expect(request).toBeInstanceOf(IncomingMessage);
  expect(response).toBeInstanceOf(ServerResponse);
  expect(Object.keys(request)).toEqual(Object.keys(new IncomingMessage(new Socket())));
});
