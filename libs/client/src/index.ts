export { SlipwayClient, type JobOptions, type ListOptions } from './client.js';
export { ApiError, NotReachable } from './errors.js';
export type { ClientOptions } from './http.js';
export { SubscriptionRefused, type Followed, type FollowOptions } from './live.js';
export { WaitTimedOut, type WaitOptions } from './wait.js';
