"""The field's other names: what PyTorch, Keras, scikit-learn and papers call a thing.

Only suggestions use them (:func:`neuroflow.errors.did_you_mean`): nothing has two names here.
"""

from __future__ import annotations

from collections.abc import Iterable

SYNONYMS: dict[str, tuple[str, ...]] = {
    # settings
    "lr": ("learning_rate",),
    "eta": ("learning_rate",),
    "alpha": ("learning_rate", "weight_decay", "slope", "l2"),
    "stepsize": ("learning_rate",),
    "learningrateinit": ("learning_rate",),
    "lrscheduler": ("schedule",),
    "scheduler": ("schedule",),
    "decay": ("weight_decay",),
    "regularization": ("l2", "weight_decay"),
    "betas": ("beta1", "beta2"),
    "rho": ("decay",),
    "negativeslope": ("slope",),
    "infeatures": ("inputs",),
    "inputsize": ("inputs",),
    "inputdim": ("inputs",),
    "ninputs": ("inputs",),
    "outfeatures": ("outputs",),
    "outputsize": ("outputs",),
    "outputdim": ("outputs",),
    "noutputs": ("outputs",),
    "units": ("outputs", "sizes"),
    "hidden": ("sizes",),
    "nhidden": ("sizes", "hidden"),
    "hiddensize": ("sizes", "hidden"),
    "hiddensizes": ("sizes", "hidden"),
    "hiddendim": ("sizes", "hidden"),
    "hiddenlayers": ("sizes",),
    "hiddenlayersizes": ("sizes",),
    "layers": ("n_layer", "sizes"),
    "dims": ("sizes",),
    "usebias": ("bias",),
    "nonlinearity": ("activation",),
    "finalactivation": ("output_activation",),
    "kernelinitializer": ("initializer",),
    "init": ("initializer",),
    "p": ("rate", "dropout"),
    "dropoutrate": ("rate", "dropout"),
    "pdrop": ("rate", "dropout"),
    "normalizedshape": ("size",),
    "numfeatures": ("size",),
    "numembeddings": ("vocab_size",),
    "vocabularysize": ("vocab_size",),
    "embeddingdim": ("size", "n_embd"),
    "dmodel": ("n_embd", "size"),
    "embeddim": ("n_embd", "size"),
    "embsize": ("n_embd", "size"),
    "dff": ("hidden",),
    "dimfeedforward": ("hidden",),
    "intermediatesize": ("hidden",),
    "nheads": ("n_head",),
    "numheads": ("n_head",),
    "numattentionheads": ("n_head",),
    "nlayers": ("n_layer",),
    "numlayers": ("n_layer",),
    "depth": ("n_layer",),
    "contextlength": ("block_size",),
    "context": ("block_size",),
    "maxlength": ("block_size",),
    "maxlen": ("block_size",),
    "seqlen": ("block_size",),
    "sequencelength": ("block_size",),
    "nsamples": ("points", "examples"),
    "nclasses": ("classes",),
    "numclasses": ("classes",),
    "file": ("path",),
    "filename": ("path",),
    "label": ("target",),
    "labels": ("target",),
    "sep": ("delimiter",),
    "separator": ("delimiter",),
    "normalize": ("standardize",),
    "scale": ("standardize",),
    "testsize": ("test",),
    "validation": ("test",),
    "validationsplit": ("test",),
    "batchsize": ("batch",),
    "bs": ("batch",),
    "minibatch": ("batch",),
    "nepochs": ("epochs",),
    "numepochs": ("epochs",),
    "maxiter": ("steps", "epochs"),
    "maxsteps": ("steps",),
    "iterations": ("steps",),
    "gradientaccumulationsteps": ("accumulation",),
    "accumulategradbatches": ("accumulation",),
    "randomstate": ("seed",),
    "gradclip": ("clip_norm",),
    "clip": ("clip_norm",),
    "clipnorm": ("clip_norm",),
    "gradientclipval": ("clip_norm",),
    "maxnorm": ("clip_norm",),
    "device": ("backend",),
    "precision": ("dtype",),
    "numthreads": ("threads",),
    # tables
    "network": ("model",),
    "net": ("model",),
    "criterion": ("loss",),
    "optim": ("optimizer",),
    "solver": ("optimizer",),
    "dataset": ("data",),
    "training": ("train",),
    "trainer": ("train",),
    # entries
    "dense": ("linear", "layer"),
    "fullyconnected": ("layer", "mlp"),
    "fc": ("layer", "linear"),
    "perceptron": ("neuron",),
    "multilayerperceptron": ("mlp",),
    "swish": ("silu",),
    "logistic": ("sigmoid",),
    "expit": ("sigmoid",),
    "none": ("linear",),
    "identity": ("linear",),
    "hardtanh": ("tanh",),
    "layernormalization": ("layer_norm",),
    "rmsnormalization": ("rms_norm",),
    "mha": ("multi_head_attention",),
    "transformer": ("encoder_decoder", "gpt", "encoder"),
    "transformerencoderlayer": ("transformer_block",),
    "transformerencoder": ("encoder",),
    "bert": ("encoder",),
    "decoder": ("gpt",),
    "ce": ("cross_entropy",),
    "categoricalcrossentropy": ("cross_entropy",),
    "sparsecategoricalcrossentropy": ("cross_entropy",),
    "softmaxcrossentropy": ("cross_entropy",),
    "nll": ("cross_entropy", "cross_entropy_from_probabilities"),
    "logloss": ("binary_cross_entropy", "cross_entropy"),
    "bce": ("binary_cross_entropy",),
    "bcewithlogits": ("binary_cross_entropy",),
    "binarycrossentropy": ("binary_cross_entropy",),
    "l1": ("mae",),
    "l2": ("mse", "weight_decay"),
    "meansquarederror": ("mse",),
    "squarederror": ("mse",),
    "meanabsoluteerror": ("mae",),
    "absoluteerror": ("mae",),
    "smoothl1": ("huber",),
    "svm": ("hinge",),
    "multimargin": ("hinge",),
    "momentum": ("sgd",),
    "gradientdescent": ("sgd",),
    "cosineannealing": ("cosine",),
    "cosineannealinglr": ("cosine",),
    "steplr": ("step",),
    "exponentiallr": ("exponential",),
    "linearlr": ("linear",),
    "kaiming": ("he",),
    "kaimingnormal": ("he",),
    "kaiminguniform": ("he",),
    "henormal": ("he",),
    "glorot": ("xavier",),
    "glorotnormal": ("xavier",),
    "glorotuniform": ("xavier",),
    "xaviernormal": ("xavier",),
    "xavieruniform": ("xavier",),
    "gaussian": ("normal",),
    "zero": ("zeros",),
    "bpe": ("byte_pairs",),
    "chars": ("characters",),
    "char": ("characters",),
    "mnist": ("digits",),
    "makemoons": ("moons",),
    "makecircles": ("circles",),
    "makeblobs": ("gauss",),
    "blobs": ("gauss",),
    "table": ("csv",),
    "text": ("lines",),
    "cpu": ("llvm", "numpy"),
    "numba": ("llvm",),
    "jit": ("llvm",),
}
"""Other names, without capitals and joints, each with the names here that it may mean."""


def plainest(name: str) -> str:
    """A name without what spellings differ in: capitals, underscores, hyphens, spaces, dots.

    >>> plainest("LeakyReLU"), plainest("leaky_relu")
    ('leakyrelu', 'leakyrelu')
    """
    return "".join(c for c in name.casefold() if c not in "_- .")


def meant_by(word: str, known: Iterable[str]) -> list[str]:
    """Which of the known names a word means that is another spelling or synonym of them.

    >>> meant_by("ReLU", ["relu", "tanh"]), meant_by("lr", ["beta1", "learning_rate"])
    (['relu'], ['learning_rate'])
    >>> meant_by("CrossEntropyLoss", ["hinge", "cross_entropy"])
    ['cross_entropy']
    """
    names = list(known)
    whole, last = plainest(word), plainest(word.rpartition(".")[2])  # as in torch.nn.ReLU
    for plain in dict.fromkeys([whole, last, last.removesuffix("loss")]):
        same = [name for name in names if plainest(name) == plain]
        meant = [name for name in SYNONYMS.get(plain, ()) if name in names]
        if same or meant:
            return same or meant
    return []
