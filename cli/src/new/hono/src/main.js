import { app } from "./app.js";
import { serve } from "./serve.js";

serve((request) => app.fetch(request));
