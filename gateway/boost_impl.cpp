// Asio's and Beast's code that is not templates, compiled once here.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
