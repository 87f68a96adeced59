// The sheet for paper, which is wanted after all others.
import './print.css'
