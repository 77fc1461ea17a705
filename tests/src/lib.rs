#![doc = "draft"]
