// Asio's code that is not templates, compiled once here for this layer and those above it.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
