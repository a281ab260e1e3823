// The story of each page: captions that answer to what is done, and what the words on it mean.

// Of the captions of a page the first whose time has come is shown.
const STORIES = {
  classification: [
    [(s) => s.fresh, "Points of two classes, and a network that knows nothing yet. Press Play: it shifts its line until the points lie on their sides."],
    [(s) => s.playing && s.share < 0.5, "Each step moves every weight a little way down the slope of the loss. Look into the neurons: each one draws a line of its own."],
    [(s) => s.overfits, "The loss of what it trains on falls, but that of the held-out points rises: now it overfits. Fewer neurons or a larger L2 penalty help."],
    [(s) => s.over && s.neurons > 8, "It is done. Now take neurons away: set the hidden layers to 2 and play again. How many does it need?"],
    [(s) => s.over, "With few neurons the line is made of few straight pieces. Hold some points out and see whether it learned more than the points by heart."],
    [(s) => s.edited, "You changed something by hand. Play on: the network finds its way from here."],
    [() => true, "Rest on a neuron to see what it computes here; click a point, a neuron or a weight to ask why its number is what it is."],
  ],
  function: [
    [(s) => s.fresh, "The dots are all that the network is shown of f(x). Press Play: its curve bends towards them."],
    [(s) => s.playing && s.share < 0.5, "Each neuron is one bend; the curve is their weighted sum. Rest on one to see its part."],
    [(s) => s.over && s.activation !== "relu", "It is done. Outside the dots it only guesses. Now set the activation to relu and look for the corners."],
    [(s) => s.over, "Straight pieces with corners: that is what relu can do. Type abs(x) above, and give it two neurons."],
    [(s) => s.edited, "You changed something by hand. Play on: the network finds its way from here."],
    [() => true, "Click a dot to ask for its loss, a neuron to see what it adds up, a weight to try another number."],
  ],
  gpt: [
    [(s) => s.fresh, "A GPT that has read nothing: every letter is as likely as any other to come next. Press Play."],
    [(s) => s.playing && s.loss > s.unigram, "First it learns how often each letter comes at all: the loss falls to the dotted line called unigram."],
    [(s) => s.playing && s.loss > s.bigram, "Now it learns which letter follows which. To pass the line called bigram it must look further back than one letter."],
    [(s) => s.playing, "It is past counting pairs: its heads look further back. Which head looks at the letter before, which at the first?"],
    [(s) => s.over, "It is done. Lower the temperature and invent names: it dares less. Type a name of your own and see where each head looks."],
    [() => true, "Click a square: which letter takes how much from which, and how the loss depends on it. Save the graph to open it down to one exp."],
  ],
};

export function captionOf({ setup, now, picture }) {
  if (!setup || !now) return "";
  const { baselines = {} } = setup.picture, tested = now.tested.map(([, loss]) => loss);
  const found = {
    fresh: now.step === 0 && !now.playing, playing: now.playing, over: now.over, edited: now.edited, loss: now.loss,
    share: now.step / now.steps, activation: setup.setup.activation, unigram: baselines.unigram, bigram: baselines.bigram,
    neurons: (setup.setup.hidden ?? []).reduce((a, b) => a + b, 0),
    overfits: tested.length > 3 && tested.at(-1) > 1.3 * Math.min(...tested) && now.loss < tested.at(-1),
  };
  return (STORIES[document.body.dataset.page] ?? []).find(([is]) => is(found))?.[1] ?? "";
}

// In the words of the glossary of the documentation, shorter.
const MEANINGS = {
  Epoch: "how often it has gone through all examples",
  Loss: "how wrong the answers are, as one number; training makes it smaller",
  "Learning rate": "how far each step goes down the slope of the loss",
  Accuracy: "the share of the points on the right side",
  Gradient: "the length of the gradient: how steep the loss is where the network stands",
  Seed: "from it all random numbers come: the same seed gives the same run",
  "R²": "the share of the differences between targets that the network explains; 1 is all",
  Perplexity: "between how many letters the network hesitates, as it were",
  "Held out": "examples that are kept from training, to see whether more is learned than they",
  "Held out loss": "the loss of examples that it never trains on",
  Activation: "the function that bends what a neuron has added up",
  Optimizer: "how a gradient becomes a step of the weights",
  Schedule: "how the learning rate changes on the way",
  "L2 penalty": "a price on large weights, which keeps the curve smooth",
  Batch: "so many examples make one step",
  Heads: "parts of attention that look at the text side by side",
  Blocks: "layers of attention and a small network, one after the other",
};

export const meaningOf = (name) => MEANINGS[name] ?? "";
