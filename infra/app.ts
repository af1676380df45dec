import { App } from 'aws-cdk-lib';
import { addCordon } from './cordon-app.ts';

await addCordon(new App());
