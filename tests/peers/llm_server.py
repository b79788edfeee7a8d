"""Serves a model with OpenAI's API by llama.cpp: llm_server.py MODEL.gguf PORT"""

import sys
import time

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.model_alias = {"smollm2"}
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[2])
params.n_ctx = 4096
params.n_parallel = 2
params.cpuparams.n_threads = 1
params.use_jinja = True
server = xllamacpp.Server(params)
while True:
    time.sleep(3600)
