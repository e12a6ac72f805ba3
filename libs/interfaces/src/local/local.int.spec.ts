import { describeCommand, describeFilesystem } from '../testing/index.js';
import { localCommand } from './local-command.js';
import { localFilesystem } from './local-filesystem.js';

describeCommand('local', localCommand);
describeFilesystem('local', localFilesystem);
