import './style.css';
import { startPage } from './page/startPage.ts';

void startPage();
