import { handle } from "./app.js";
import { serve } from "./serve.js";

serve((request) => handle(request));
