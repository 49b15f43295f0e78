// What `pulumi api` is compiled against, with nothing behind it: that command describes
// Pulumi's service, which nobody reaches from the lab, and the real module is a
// sixteenth of what is compiled for the lab.
module github.com/pb33f/libopenapi

go 1.26.0

require go.yaml.in/yaml/v4 v4.0.0-rc.4
